"""All of 0001 to 0013 at once, for a database that has none of them: in a fourth of the time."""

from importlib import import_module

from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion

import gallery.models.collections
import gallery.models.moderated

# What these make beside tables stands where it came.
feeds = import_module("gallery.migrations.0006_feeds")
desk = import_module("gallery.migrations.0010_desk")


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('gallery', '0001_initial'),
        ('gallery', '0002_search_index'),
        ('gallery', '0003_releases'),
        ('gallery', '0004_undone_decisions'),
        ('gallery', '0005_news'),
        ('gallery', '0006_feeds'),
        ('gallery', '0007_fingerprints'),
        ('gallery', '0008_ratings'),
        ('gallery', '0009_social'),
        ('gallery', '0010_desk'),
        ('gallery', '0011_remixes_and_reminders'),
        ('gallery', '0012_desk_order'),
        ('gallery', '0013_blocked_pairs'),
    ]

    dependencies = [
        ('generation', '0028_made_from'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BlockedPhrase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phrase', models.CharField(help_text='One or more whole words; case does not matter.', max_length=100, unique=True)),
                ('effect', models.CharField(choices=[('refuse', 'Refuse the post'), ('flag', 'Point it out to moderators')], default='flag', max_length=6)),
                ('note', models.CharField(blank=True, help_text='Why; shown to moderators.', max_length=200)),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['phrase'],
            },
        ),
        migrations.CreateModel(
            name='Tag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=30, unique=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Collection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(default=gallery.models.moderated.new_code, editable=False, max_length=12, unique=True)),
                ('key', models.CharField(default=gallery.models.collections.new_key, editable=False, max_length=32)),
                ('title', models.CharField(max_length=80)),
                ('visibility', models.CharField(choices=[('private', 'Only me and whom I name'), ('link', 'Whoever has the link'), ('public', 'Everybody')], default='private', max_length=7)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('contributors', models.ManyToManyField(blank=True, related_name='filled_collections', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='collections', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['owner', 'visibility', '-id'], name='collection_of_owner')],
            },
        ),
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(default=gallery.models.moderated.new_code, editable=False, max_length=12, unique=True)),
                ('state', models.CharField(choices=[('pending', 'Waiting for a moderator'), ('approved', 'In the gallery'), ('rejected', 'Not accepted'), ('withdrawn', 'Withdrawn'), ('taken_down', 'Taken down'), ('hidden', 'Hidden until a moderator has looked')], default='pending', max_length=10)),
                ('flags', models.JSONField(blank=True, default=list)),
                ('submitted_at', models.DateTimeField(help_text='When it was last sent in.')),
                ('approved_at', models.DateTimeField(blank=True, null=True)),
                ('is_news', models.BooleanField(db_default=False, default=False, help_text='A moderator has decided, and its author has not read it yet.')),
                ('words', models.TextField(max_length=1000)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='comments', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['author', '-submitted_at'], name='comment_of_author'), models.Index(fields=['state', '-id'], name='comment_by_state'), models.Index(condition=models.Q(('state', 'pending')), fields=['submitted_at', 'id'], name='comment_waiting')],
            },
        ),
        migrations.CreateModel(
            name='CommentDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(choices=[('publish', 'Sent in'), ('withdraw', 'Withdrawn'), ('approve', 'Approved'), ('reject', 'Rejected'), ('take_down', 'Taken down'), ('keep', 'Kept'), ('undo', 'Undone'), ('rate', 'Rated'), ('hide', 'Hidden after reports')], max_length=10)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('from_state', models.CharField(blank=True, choices=[('pending', 'Waiting for a moderator'), ('approved', 'In the gallery'), ('rejected', 'Not accepted'), ('withdrawn', 'Withdrawn'), ('taken_down', 'Taken down'), ('hidden', 'Hidden until a moderator has looked')], max_length=10)),
                ('to_state', models.CharField(choices=[('pending', 'Waiting for a moderator'), ('approved', 'In the gallery'), ('rejected', 'Not accepted'), ('withdrawn', 'Withdrawn'), ('taken_down', 'Taken down'), ('hidden', 'Hidden until a moderator has looked')], max_length=10)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('comment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='gallery.comment')),
                ('who', models.ForeignKey(help_text='Empty: the site itself.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CommentReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quoted', models.TextField(max_length=1000)),
                ('reason', models.CharField(choices=[('sexual', 'Sexual content'), ('violent', 'Violence or cruelty'), ('hateful', 'Hate or harassment'), ('person', 'A real person, without consent'), ('copied', "Somebody else's work"), ('other', 'Something else')], max_length=8)),
                ('words', models.CharField(blank=True, max_length=500)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('comment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='gallery.comment')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comment_reports', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('closed_at', None)), fields=['at', 'id'], name='comment_report_waiting')],
                'constraints': [models.UniqueConstraint(fields=('user', 'comment'), name='one_comment_report_per_person')],
            },
        ),
        migrations.CreateModel(
            name='Follow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('follower', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='follows', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='followers', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('follower', 'person'), name='one_follow_per_person'), models.CheckConstraint(condition=models.Q(('follower', models.F('person')), _negated=True), name='nobody_follows_themselves')],
            },
        ),
        migrations.CreateModel(
            name='ManagedReason',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(choices=[('any', 'Anything'), ('post', 'Pictures'), ('release', 'LoRAs'), ('comment', 'Comments'), ('person', 'People: strikes, suspensions, bans')], default='any', max_length=8)),
                ('sentence', models.CharField(help_text='The author reads it as it stands here.', max_length=300)),
                ('ground', models.CharField(blank=True, help_text='The law or the rule of this site that it rests on; stands in the statement of reasons.', max_length=200)),
                ('place', models.PositiveSmallIntegerField(default=0, help_text='The smallest stands first.')),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['subject', 'place', 'id'],
                'constraints': [models.UniqueConstraint(fields=('subject', 'sentence'), name='reason_listed_once')],
            },
        ),
        migrations.CreateModel(
            name='ModerationAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(choices=[('note', 'Note'), ('seen', 'Looked at'), ('notice_upheld', 'Notice upheld'), ('notice_dismissed', 'Notice dismissed'), ('link_ended', 'Share link ended'), ('sample_removed', 'Sample of a LoRA removed'), ('picture_blocked', 'Picture blocked'), ('strike', 'Strike given'), ('suspend', 'Suspended'), ('ban_proposed', 'Ban proposed'), ('ban', 'Banned'), ('ban_refused', 'Ban not confirmed'), ('lift', 'Sanction lifted'), ('appeal_granted', 'Appeal granted'), ('appeal_refused', 'Appeal refused')], max_length=16)),
                ('subject', models.CharField(choices=[('post', 'Picture'), ('release', 'LoRA'), ('comment', 'Comment'), ('notice', 'Notice'), ('safeguard', 'Safeguard'), ('appeal', 'Appeal'), ('sanction', 'Sanction'), ('person', 'Person')], max_length=9)),
                ('subject_id', models.BigIntegerField()),
                ('words', models.CharField(blank=True, max_length=1000)),
                ('at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('person', models.ForeignKey(help_text='Whom it concerns.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='acts', to=settings.AUTH_USER_MODEL)),
                ('who', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['subject', 'subject_id'], name='act_by_subject'), models.Index(fields=['person', '-id'], name='act_by_person')],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(default=gallery.models.moderated.new_code, editable=False, max_length=12, unique=True)),
                ('kind', models.CharField(choices=[('intimate', 'An intimate picture shown without consent'), ('illegal', 'Something illegal')], max_length=8)),
                ('state', models.CharField(choices=[('open', 'Waiting'), ('upheld', 'Removed'), ('dismissed', 'Not removed')], default='open', max_length=9)),
                ('name', models.CharField(blank=True, max_length=150)),
                ('email', models.EmailField(max_length=320)),
                ('statement', models.CharField(help_text='Why it is illegal, or whom it shows.', max_length=2000)),
                ('signature', models.CharField(blank=True, help_text='As it was typed.', max_length=150)),
                ('is_in_good_faith', models.BooleanField(help_text='They declared that all of it is true to their best knowledge.')),
                ('received_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('reminded_at', models.DateTimeField(editable=False, help_text='When moderators were told that it is due.', null=True)),
                ('answer', models.CharField(blank=True, max_length=300)),
                ('closed_at', models.DateTimeField(null=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['due_at', 'id'], name='notice_by_deadline'), models.Index(fields=['received_at'], name='notice_by_arrival'), models.Index(fields=['closed_at'], name='notice_by_end')],
            },
        ),
        migrations.CreateModel(
            name='Post',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(default=gallery.models.moderated.new_code, editable=False, max_length=12, unique=True)),
                ('state', models.CharField(choices=[('pending', 'Waiting for a moderator'), ('approved', 'In the gallery'), ('rejected', 'Not accepted'), ('withdrawn', 'Withdrawn'), ('taken_down', 'Taken down'), ('hidden', 'Hidden until a moderator has looked')], default='pending', max_length=10)),
                ('flags', models.JSONField(blank=True, default=list)),
                ('submitted_at', models.DateTimeField(help_text='When it was last sent in.')),
                ('approved_at', models.DateTimeField(blank=True, null=True)),
                ('is_news', models.BooleanField(db_default=False, default=False, help_text='A moderator has decided, and its author has not read it yet.')),
                ('title', models.CharField(max_length=80)),
                ('rating', models.CharField(choices=[('general', 'General'), ('sensitive', 'Sensitive'), ('explicit', 'Explicit')], db_default='general', default='general', help_text='By its author, at least what the automatic look said; moderators may change it.', max_length=9)),
                ('shares', models.CharField(choices=[('recipe', 'The whole recipe'), ('settings', 'The recipe without the prompt'), ('nothing', 'Only the picture')], db_default='recipe', default='recipe', help_text='What others see of its recipe, on its page, in its file and in the API.', max_length=8)),
                ('lineage', models.CharField(blank=True, db_default='', default='', help_text='Ids of the posts that it goes back to, the one it was made from last; see `lineage`.', max_length=200)),
                ('search_words', models.TextField(blank=True, help_text='Folded words of title, tags and prompt; see `search`.')),
                ('facets', models.TextField(blank=True, db_default='', default='', help_text='What it is filtered by: author, shape, rating, weights, tags; see `facets`.')),
                ('points', models.IntegerField(db_default=0, default=0, help_text='How much it is liked; see `ranking`.')),
                ('score', models.FloatField(db_default=0, default=0, help_text='Points and age in one number; see `ranking`.')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='posts', to=settings.AUTH_USER_MODEL)),
                ('checkpoint', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='posts', to='generation.checkpoint')),
                ('fingerprint', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='posts', to='generation.fingerprint')),
                ('image', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='post', to='generation.generatedimage')),
                ('loras', models.ManyToManyField(blank=True, related_name='posts', to='generation.lora')),
                ('made_from', models.ForeignKey(blank=True, help_text='The post whose recipe it began with.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='remixes', to='gallery.post')),
                ('tags', models.ManyToManyField(blank=True, related_name='posts', to='gallery.tag')),
            ],
            options={
                'indexes': [models.Index(fields=['state', '-approved_at', '-id'], name='post_newest'), models.Index(fields=['state', '-score', '-id'], name='post_trending'), models.Index(fields=['state', '-points', '-id'], name='post_top'), models.Index(fields=['author', 'state', '-approved_at', '-id'], name='post_newest_of_author'), models.Index(fields=['author', '-id'], name='post_by_author'), models.Index(fields=['state', 'submitted_at', 'id'], name='post_by_state'), models.Index(condition=models.Q(('made_from__isnull', False)), fields=['made_from', 'state', '-approved_at', '-id'], name='post_remixes'), models.Index(condition=models.Q(('is_news', True)), fields=['author'], name='post_news')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), ('approved_at__isnull', False), _connector='OR'), name='approved_has_its_time')],
            },
        ),
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('like', 'Like'), ('comment', 'Comment'), ('follow', 'Follower'), ('remix', 'Remix')], max_length=7)),
                ('number', models.PositiveIntegerField(default=1, help_text='How often it happened.')),
                ('group', models.CharField(help_text='What is counted together.', max_length=40)),
                ('at', models.DateTimeField(help_text='When it happened last.')),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('actor', models.ForeignKey(help_text='Who did it last; empty where they have taken it back.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to=settings.AUTH_USER_MODEL)),
                ('post', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='gallery.post')),
            ],
            options={
                'indexes': [models.Index(fields=['person', '-at', '-id'], name='notification_newest')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('read_at', None)), fields=('person', 'group'), name='one_unread_of_a_group')],
            },
        ),
        migrations.CreateModel(
            name='NoticeAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(max_length=500)),
                ('link', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='generation.sharelink')),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='addresses', to='gallery.notice')),
                ('post', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notice_addresses', to='gallery.post')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Like',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='likes', to=settings.AUTH_USER_MODEL)),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='likes', to='gallery.post')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'post'), name='one_like_per_person')],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(choices=[('publish', 'Sent in'), ('withdraw', 'Withdrawn'), ('approve', 'Approved'), ('reject', 'Rejected'), ('take_down', 'Taken down'), ('keep', 'Kept'), ('undo', 'Undone'), ('rate', 'Rated'), ('hide', 'Hidden after reports')], max_length=10)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('from_state', models.CharField(blank=True, choices=[('pending', 'Waiting for a moderator'), ('approved', 'In the gallery'), ('rejected', 'Not accepted'), ('withdrawn', 'Withdrawn'), ('taken_down', 'Taken down'), ('hidden', 'Hidden until a moderator has looked')], max_length=10)),
                ('to_state', models.CharField(choices=[('pending', 'Waiting for a moderator'), ('approved', 'In the gallery'), ('rejected', 'Not accepted'), ('withdrawn', 'Withdrawn'), ('taken_down', 'Taken down'), ('hidden', 'Hidden until a moderator has looked')], max_length=10)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('who', models.ForeignKey(help_text='Empty: the site itself.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to=settings.AUTH_USER_MODEL)),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='gallery.post')),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CollectedPost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('added_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('collection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='gallery.collection')),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='gallery.post')),
            ],
            options={
                'indexes': [models.Index(fields=['collection', '-id'], name='collected_newest')],
                'constraints': [models.UniqueConstraint(fields=('collection', 'post'), name='collected_once')],
            },
        ),
        migrations.CreateModel(
            name='Release',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(default=gallery.models.moderated.new_code, editable=False, max_length=12, unique=True)),
                ('state', models.CharField(choices=[('pending', 'Waiting for a moderator'), ('approved', 'In the gallery'), ('rejected', 'Not accepted'), ('withdrawn', 'Withdrawn'), ('taken_down', 'Taken down'), ('hidden', 'Hidden until a moderator has looked')], default='pending', max_length=10)),
                ('flags', models.JSONField(blank=True, default=list)),
                ('submitted_at', models.DateTimeField(help_text='When it was last sent in.')),
                ('approved_at', models.DateTimeField(blank=True, null=True)),
                ('is_news', models.BooleanField(db_default=False, default=False, help_text='A moderator has decided, and its author has not read it yet.')),
                ('title', models.CharField(max_length=120)),
                ('licence', models.CharField(max_length=60)),
                ('trigger_words', models.JSONField(blank=True, default=list)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='releases', to=settings.AUTH_USER_MODEL)),
                ('lora', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='release', to='generation.lora')),
            ],
            options={
                'indexes': [models.Index(fields=['state', 'submitted_at'], name='release_by_state'), models.Index(condition=models.Q(('is_news', True)), fields=['author'], name='release_news')],
            },
        ),
        migrations.CreateModel(
            name='ReleaseDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(choices=[('publish', 'Sent in'), ('withdraw', 'Withdrawn'), ('approve', 'Approved'), ('reject', 'Rejected'), ('take_down', 'Taken down'), ('keep', 'Kept'), ('undo', 'Undone'), ('rate', 'Rated'), ('hide', 'Hidden after reports')], max_length=10)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('from_state', models.CharField(blank=True, choices=[('pending', 'Waiting for a moderator'), ('approved', 'In the gallery'), ('rejected', 'Not accepted'), ('withdrawn', 'Withdrawn'), ('taken_down', 'Taken down'), ('hidden', 'Hidden until a moderator has looked')], max_length=10)),
                ('to_state', models.CharField(choices=[('pending', 'Waiting for a moderator'), ('approved', 'In the gallery'), ('rejected', 'Not accepted'), ('withdrawn', 'Withdrawn'), ('taken_down', 'Taken down'), ('hidden', 'Hidden until a moderator has looked')], max_length=10)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('release', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='gallery.release')),
                ('who', models.ForeignKey(help_text='Empty: the site itself.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ReleaseSample',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.PositiveSmallIntegerField()),
                ('image', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='generation.generatedimage')),
                ('release', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='samples', to='gallery.release')),
            ],
            options={
                'ordering': ['place'],
                'constraints': [models.UniqueConstraint(fields=('release', 'place'), name='one_sample_per_place')],
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=[('sexual', 'Sexual content'), ('violent', 'Violence or cruelty'), ('hateful', 'Hate or harassment'), ('person', 'A real person, without consent'), ('copied', "Somebody else's work"), ('other', 'Something else')], max_length=8)),
                ('words', models.CharField(blank=True, max_length=500)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='gallery.post')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reports', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('closed_at', None)), fields=['at', 'id'], name='report_open')],
                'constraints': [models.UniqueConstraint(fields=('user', 'post'), name='one_report_per_person')],
            },
        ),
        migrations.CreateModel(
            name='Sanction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(default=gallery.models.moderated.new_code, editable=False, max_length=12, unique=True)),
                ('kind', models.CharField(choices=[('strike', 'Strike'), ('suspension', 'Suspension'), ('ban', 'Ban')], max_length=10)),
                ('state', models.CharField(choices=[('proposed', 'Waits for a second moderator'), ('active', 'In force'), ('refused', 'Not confirmed'), ('lifted', 'Lifted')], default='active', max_length=8)),
                ('reason', models.CharField(help_text='The person reads it.', max_length=300)),
                ('at', models.DateTimeField()),
                ('ends_at', models.DateTimeField(help_text='Empty: until it is lifted.', null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('confirmed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sanctions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['person', 'state'], name='sanction_by_person'), models.Index(condition=models.Q(('state', 'proposed')), fields=['at', 'id'], name='sanction_to_confirm')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('kind', 'ban'), ('state__in', ['proposed', 'active'])), fields=('person',), name='one_ban_of_a_person')],
            },
        ),
        migrations.CreateModel(
            name='Appeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(default=gallery.models.moderated.new_code, editable=False, max_length=12, unique=True)),
                ('subject', models.CharField(choices=[('post', 'Picture'), ('release', 'LoRA'), ('comment', 'Comment'), ('notice', 'Notice'), ('safeguard', 'Safeguard'), ('appeal', 'Appeal'), ('sanction', 'Sanction'), ('person', 'Person')], max_length=9)),
                ('subject_id', models.BigIntegerField(help_text='Of the post, release or sanction.')),
                ('decision_id', models.BigIntegerField(help_text='Of the decision against which it is; of a sanction its own.')),
                ('words', models.CharField(max_length=1000)),
                ('state', models.CharField(choices=[('open', 'Waiting'), ('granted', 'Granted'), ('refused', 'Refused')], default='open', max_length=7)),
                ('at', models.DateTimeField()),
                ('answer', models.CharField(blank=True, max_length=300)),
                ('closed_at', models.DateTimeField(null=True)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appeals', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['at', 'id'], name='appeal_by_age'), models.Index(fields=['author', '-id'], name='appeal_by_author'), models.Index(fields=['closed_at'], name='appeal_by_end')],
                'constraints': [models.UniqueConstraint(fields=('subject', 'decision_id'), name='one_appeal_for_each_decision')],
            },
        ),
        migrations.CreateModel(
            name='BlockedPicture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pdq', models.CharField(help_text='Perceptual hash of 256 bits, in hex.', max_length=64)),
                ('chunk_0', models.SmallIntegerField(editable=False)),
                ('chunk_1', models.SmallIntegerField(editable=False)),
                ('chunk_2', models.SmallIntegerField(editable=False)),
                ('chunk_3', models.SmallIntegerField(editable=False)),
                ('chunk_4', models.SmallIntegerField(editable=False)),
                ('chunk_5', models.SmallIntegerField(editable=False)),
                ('chunk_6', models.SmallIntegerField(editable=False)),
                ('chunk_7', models.SmallIntegerField(editable=False)),
                ('chunk_8', models.SmallIntegerField(editable=False)),
                ('chunk_9', models.SmallIntegerField(editable=False)),
                ('chunk_10', models.SmallIntegerField(editable=False)),
                ('chunk_11', models.SmallIntegerField(editable=False)),
                ('chunk_12', models.SmallIntegerField(editable=False)),
                ('chunk_13', models.SmallIntegerField(editable=False)),
                ('chunk_14', models.SmallIntegerField(editable=False)),
                ('chunk_15', models.SmallIntegerField(editable=False)),
                ('effect', models.CharField(choices=[('refuse', 'Refuse the post'), ('flag', 'Point it out to moderators')], default='refuse', max_length=6)),
                ('note', models.CharField(blank=True, help_text='Why; shown to moderators.', max_length=200)),
                ('is_active', models.BooleanField(default=True)),
                ('added_at', models.DateTimeField(auto_now_add=True)),
                ('added_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
                'indexes': [models.Index(fields=['chunk_0', 'chunk_1', 'id'], name='blockedpicture_pair_0'), models.Index(fields=['chunk_1', 'chunk_0', 'id'], name='blockedpicture_pair_1'), models.Index(fields=['chunk_2', 'chunk_3', 'id'], name='blockedpicture_pair_2'), models.Index(fields=['chunk_3', 'chunk_2', 'id'], name='blockedpicture_pair_3'), models.Index(fields=['chunk_4', 'chunk_5', 'id'], name='blockedpicture_pair_4'), models.Index(fields=['chunk_5', 'chunk_4', 'id'], name='blockedpicture_pair_5'), models.Index(fields=['chunk_6', 'chunk_7', 'id'], name='blockedpicture_pair_6'), models.Index(fields=['chunk_7', 'chunk_6', 'id'], name='blockedpicture_pair_7'), models.Index(fields=['chunk_8', 'chunk_9', 'id'], name='blockedpicture_pair_8'), models.Index(fields=['chunk_9', 'chunk_8', 'id'], name='blockedpicture_pair_9'), models.Index(fields=['chunk_10', 'chunk_11', 'id'], name='blockedpicture_pair_10'), models.Index(fields=['chunk_11', 'chunk_10', 'id'], name='blockedpicture_pair_11'), models.Index(fields=['chunk_12', 'chunk_13', 'id'], name='blockedpicture_pair_12'), models.Index(fields=['chunk_13', 'chunk_12', 'id'], name='blockedpicture_pair_13'), models.Index(fields=['chunk_14', 'chunk_15', 'id'], name='blockedpicture_pair_14'), models.Index(fields=['chunk_15', 'chunk_14', 'id'], name='blockedpicture_pair_15')],
                'constraints': [models.UniqueConstraint(fields=('pdq',), name='picture_blocked_once')],
            },
        ),
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(choices=[('post', 'Picture'), ('release', 'LoRA'), ('comment', 'Comment'), ('notice', 'Notice'), ('safeguard', 'Safeguard'), ('appeal', 'Appeal'), ('sanction', 'Sanction'), ('person', 'Person')], max_length=9)),
                ('subject_id', models.BigIntegerField()),
                ('until', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'case in hand',
                'verbose_name_plural': 'desk: all that waits',
                'constraints': [models.UniqueConstraint(fields=('subject', 'subject_id'), name='one_claim_of_a_case')],
            },
        ),
        migrations.AddField(
            model_name='comment',
            name='post',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='comments', to='gallery.post'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(fields=['post', 'state', '-id'], name='comment_newest_of_post'),
        ),
        migrations.RunPython(feeds.create_index, feeds.drop_index),
        migrations.RunPython(desk.list_first_reasons, migrations.RunPython.noop),
    ]
