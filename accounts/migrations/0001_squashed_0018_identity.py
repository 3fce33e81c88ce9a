"""All of 0001 to 0018 at once, for a database that has none of them: in a fourth of the time."""

from importlib import import_module

from django.conf import settings
from django.db import migrations, models
import django.contrib.auth.validators
import django.core.validators
import django.db.models.deletion
import django.utils.timezone

import accounts.entrance_models
import accounts.models
import accounts.names
import accounts.scopes

# What these make beside tables stands where it came.
security_log = import_module("accounts.migrations.0017_security_log")


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('accounts', '0001_initial'),
        ('accounts', '0002_training'),
        ('accounts', '0003_lab'),
        ('accounts', '0004_user_manager'),
        ('accounts', '0005_look_alike_names'),
        ('accounts', '0006_outgoing_mail'),
        ('accounts', '0007_prices'),
        ('accounts', '0008_tokens_of_entries'),
        ('accounts', '0009_deletion_due'),
        ('accounts', '0010_ratings'),
        ('accounts', '0011_notifications'),
        ('accounts', '0012_token_bounds'),
        ('accounts', '0013_token_options'),
        ('accounts', '0014_source_pictures'),
        ('accounts', '0015_larger_results'),
        ('accounts', '0016_sealing'),
        ('accounts', '0017_security_log'),
        ('accounts', '0018_identity'),
    ]

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='SecurityLogMaintenance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('code', models.CharField(default=accounts.models.new_code, editable=False, max_length=12, unique=True)),
                ('username', models.CharField(error_messages={'unique': 'This name is taken.'}, help_text='Letters of one alphabet, digits and . + - _', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator(), accounts.names.check_name])),
                ('skeleton', models.CharField(editable=False, help_text='The name as the eye sees it: no two look alike.', max_length=300, unique=True)),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail address')),
                ('deletion_due_at', models.DateTimeField(blank=True, editable=False, help_text='Closed, and all of it is deleted from then on.', null=True)),
                ('shut_out_reason', models.CharField(blank=True, db_default='', default='', editable=False, help_text='Told where they sign in.', max_length=300)),
                ('shut_out_until', models.DateTimeField(blank=True, editable=False, help_text='Shut out by the staff until then; empty: until let in.', null=True)),
                ('group_grants', models.JSONField(blank=True, editable=False, help_text='What groups of a provider gave, and what was there before.', null=True)),
                ('shown_rating', models.CharField(choices=[('general', 'General'), ('sensitive', 'Sensitive'), ('explicit', 'Explicit')], db_default='general', default='general', help_text='Pictures of a stronger rating are veiled for them until they ask to see one.', max_length=9)),
                ('wants_digest', models.BooleanField(db_default=False, default=False, help_text='Mail them once a day what is new for them.')),
                ('digest_at', models.DateTimeField(blank=True, editable=False, help_text='When they were last due for it.', null=True)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'permissions': [('suspend_user', 'Can suspend accounts')],
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('deletion_due_at__isnull', False)), fields=['deletion_due_at'], name='user_deletion_due'), models.Index(condition=models.Q(('wants_digest', True)), fields=['digest_at', 'id'], name='user_digest'), models.Index(condition=models.Q(('shut_out_until__isnull', False)), fields=['shut_out_until'], name='user_shut_out')],
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('digest', models.CharField(max_length=128, primary_key=True, serialize=False)),
                ('token_key', models.CharField(db_index=True, max_length=25)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('expiry', models.DateTimeField(blank=True, null=True)),
                ('name', models.CharField(help_text='What it is for.', max_length=60)),
                ('scopes', models.JSONField(blank=True, default=accounts.scopes.every_scope, help_text='What it may do, by the names of scopes.')),
                ('budget', models.PositiveIntegerField(blank=True, help_text='Credits it may spend; empty: no limit.', null=True)),
                ('spent', models.PositiveIntegerField(default=0)),
                ('spent_unlisted', models.PositiveIntegerField(db_default=0, default=0, help_text='Spent on what was deleted before the ledger named tokens.')),
                ('daily_credits', models.PositiveIntegerField(blank=True, help_text='Credits it may spend in a day of UTC; empty: no limit.', null=True)),
                ('spent_today', models.PositiveIntegerField(db_default=0, default=0, help_text='Of the day `spent_on`.')),
                ('spent_on', models.DateField(blank=True, null=True)),
                ('allowed_checkpoints', models.JSONField(blank=True, default=list, help_text="Names; empty: all of its person's.")),
                ('allowed_loras', models.JSONField(blank=True, default=list, help_text="Names; empty: all of its person's.")),
                ('allowed_addresses', models.JSONField(blank=True, default=list, help_text='Addresses and networks it may be used from; empty: all.')),
                ('last_used_at', models.DateTimeField(blank=True, help_text='To the minute.', null=True)),
                ('speaks_for_people', models.BooleanField(db_default=False, default=False, help_text='Its program says, signed with `people_secret`, which person asks.')),
                ('people_secret', models.CharField(blank=True, db_default='', default='', help_text='Sealed.', max_length=300)),
                ('options', models.JSONField(blank=True, default=dict, help_text='What its program has set for its own requests.')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='auth_token_set', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created'],
                'constraints': [models.CheckConstraint(condition=models.Q(('budget', None), ('spent__lte', models.F('budget')), _connector='OR'), name='token_within_budget')],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(default=accounts.entrance_models.new_invitation_code, editable=False, max_length=12, unique=True)),
                ('uses', models.PositiveIntegerField(default=1, help_text='How many people may join by it.')),
                ('used', models.PositiveIntegerField(default=0, editable=False)),
                ('expires_at', models.DateTimeField(blank=True, help_text='Empty: never.', null=True)),
                ('note', models.CharField(blank=True, help_text='What it is for; only the staff see it.', max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('used__lte', models.F('uses'))), name='invitation_within_uses')],
            },
        ),
        migrations.CreateModel(
            name='OutgoingMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recipient', models.EmailField(max_length=320)),
                ('sender', models.CharField(max_length=320)),
                ('subject', models.CharField(max_length=300)),
                ('body', models.TextField(help_text='May hold a link that signs somebody in; emptied when the mail is given up.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_try_at', models.DateTimeField(help_text='Empty: given up.', null=True)),
                ('error', models.CharField(blank=True, help_text='What the mail server said last.', max_length=300)),
            ],
            options={
                'verbose_name': 'mail that has not left',
                'verbose_name_plural': 'mail that has not left',
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['next_try_at'], name='mail_by_next_try')],
            },
        ),
        migrations.CreateModel(
            name='Plan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='How people see it called.', max_length=40, unique=True)),
                ('sentence', models.CharField(blank=True, help_text='Shown to people: what this plan is for.', max_length=200)),
                ('is_default', models.BooleanField(default=False, help_text='New accounts get this plan.')),
                ('share', models.FloatField(default=1.0, help_text='Weight in the fair queue: 2 gets twice the work done.')),
                ('daily_credits', models.PositiveIntegerField(default=100, help_text='The balance is filled up to this once a day.')),
                ('steps_per_credit', models.FloatField(default=10.0, help_text='Steps of a picture of 512×512 that one credit buys. With 10, a picture of 20 steps costs 2 credits, one of 1024×1024 four times as much. What was held before a change keeps its price.', validators=[django.core.validators.MinValueValidator(0.01)])),
                ('training_discount', models.FloatField(default=4.0, help_text='How many times less the same work costs in a training, which waits whenever somebody draws. With 1 it costs as much as drawing.', validators=[django.core.validators.MinValueValidator(0.01)])),
                ('max_queued', models.PositiveIntegerField(default=50, help_text='Jobs that may wait at once.')),
                ('max_running', models.PositiveIntegerField(default=4, help_text='Jobs that may be drawn at once.')),
                ('max_pictures', models.PositiveIntegerField(default=8, help_text='Pictures of one submission.')),
                ('max_grid_pictures', models.PositiveIntegerField(default=36, help_text='Pictures of one grid of the lab.')),
                ('max_pixels', models.PositiveIntegerField(default=1048576, help_text='Width times height.')),
                ('max_result_pixels', models.PositiveIntegerField(db_default=16777216, default=16777216, help_text='Width times height of what comes out of a second pass or an upscale.')),
                ('max_steps', models.PositiveIntegerField(default=50, help_text='Steps of one picture.')),
                ('max_lora_uploads', models.PositiveIntegerField(default=10, help_text='LoRA files of their own that they may keep.')),
                ('max_training_steps', models.PositiveIntegerField(default=3000, help_text='Steps of one LoRA training.')),
                ('max_training_runs', models.PositiveIntegerField(default=2, help_text='Trainings that may wait or run at once.')),
                ('storage_bytes', models.BigIntegerField(default=2147483648, help_text='Bytes of kept images.')),
                ('max_sources', models.PositiveIntegerField(db_default=200, default=200, help_text='Pictures to start from that they may keep at once.')),
                ('source_bytes', models.BigIntegerField(db_default=1073741824, default=1073741824, help_text='Bytes of pictures to start from, beside those of kept images.')),
                ('source_days', models.PositiveIntegerField(db_default=30, default=30, help_text='How long a picture to start from is kept after its last use, unless a kept picture needs it.')),
                ('max_rating', models.CharField(choices=[('general', 'General'), ('sensitive', 'Sensitive'), ('explicit', 'Explicit')], db_default='explicit', default='explicit', help_text='The strongest rating that pictures of its holders may have by the automatic look at them: what is above is withheld and refunded, what is not general is veiled.', max_length=9)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('is_default',), name='one_default_plan'), models.CheckConstraint(condition=models.Q(('share__gt', 0)), name='plan_share_positive'), models.CheckConstraint(condition=models.Q(('steps_per_credit__gt', 0), ('training_discount__gt', 0)), name='plan_prices_positive')],
            },
        ),
        migrations.CreateModel(
            name='SecurityEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('kind', models.CharField(help_text='What was done, in the words of an address.', max_length=40)),
                ('address', models.CharField(blank=True, help_text='Where the request came from.', max_length=45)),
                ('request_id', models.CharField(blank=True, help_text='As the log tells it.', max_length=64)),
                ('details', models.JSONField(blank=True, default=dict, help_text='Without names, addresses or secrets.')),
                ('who', models.ForeignKey(db_constraint=False, help_text='Empty: nobody signed in, the shell, or the site by itself.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('whom', models.ForeignKey(db_constraint=False, help_text='Whose account it concerns.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Visit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=300)),
                ('began_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField(help_text='It is over then, whatever happens.')),
                ('ended_at', models.DateTimeField(help_text='Empty: nobody has ended it, or it ran out unnoticed.', null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='visits_made', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='visits_had', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'permissions': [('visit_people', "Can visit people's pages for support")],
            },
        ),
        migrations.CreateModel(
            name='Wallet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('balance', models.PositiveIntegerField(default=0)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='wallet', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('balance__gte', 0)), name='wallet_never_negative')],
            },
        ),
        migrations.CreateModel(
            name='CreditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('grant', 'Granted'), ('hold', 'Held'), ('settle', 'Settled'), ('release', 'Released')], max_length=8)),
                ('amount', models.IntegerField(help_text='Change of the balance: a hold is negative.')),
                ('reference', models.CharField(help_text='What it was for: one entry of a kind for each reference.', max_length=80)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('token', models.ForeignKey(blank=True, help_text='The API token whose budget it moved too.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='entries', to=settings.KNOX_TOKEN_MODEL)),
                ('wallet', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='accounts.wallet')),
            ],
            options={
                'verbose_name_plural': 'credit entries',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['wallet', '-id'], name='entry_by_wallet')],
                'constraints': [models.UniqueConstraint(fields=('reference', 'kind'), name='one_entry_of_a_kind_per_reference'), models.UniqueConstraint(condition=models.Q(('kind__in', ['settle', 'release'])), fields=('reference',), name='one_end_per_hold')],
            },
        ),
        migrations.AddField(
            model_name='user',
            name='invitation',
            field=models.ForeignKey(blank=True, editable=False, help_text='By which they joined.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='people', to='accounts.invitation'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='plan',
            field=models.ForeignKey(blank=True, help_text='What those who join by it get; empty: the default plan.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.plan'),
        ),
        migrations.AddField(
            model_name='user',
            name='plan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='holders', to='accounts.plan'),
        ),
        migrations.RunPython(security_log.add_triggers, security_log.remove_triggers),
    ]
