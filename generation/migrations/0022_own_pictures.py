"""Albums, stars and links to one's own pictures, and what they are found by: indexes for each filter, and for words."""

from typing import Any

import django.db.models.deletion
import generation.models.jobs
from django.conf import settings
from django.db import migrations, models

FTS_TABLE = "generation_picturewords"
GIN_INDEX = "image_search_words"


def create_word_index(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        # The expression is the one that `models.picture_search` asks for: another spelling would not use the index.
        schema_editor.execute(
            f"CREATE INDEX {GIN_INDEX} ON generation_generatedimage"
            " USING gin (to_tsvector('simple'::regconfig, COALESCE(search_words, '')))"
        )
    else:
        # Words come folded; a table of its own, since SQLite's migrations make tables anew and lose their triggers.
        schema_editor.execute(
            f"CREATE VIRTUAL TABLE {FTS_TABLE} USING fts5(words, detail=none, columnsize=0,"
            " tokenize='unicode61 remove_diacritics 0')"
        )


def drop_word_index(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX {GIN_INDEX}")
    else:
        schema_editor.execute(f"DROP TABLE {FTS_TABLE}")


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0021_loras_let_back'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Album',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(default=generation.models.jobs.new_code, editable=False, max_length=16, unique=True)),
                ('title', models.CharField(max_length=80)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='AlbumPicture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('added_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='PictureFacet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('checkpoint', 'Checkpoint'), ('lora', 'LoRA'), ('size', 'Size')], max_length=10)),
                ('value', models.CharField(help_text='A name, or width x height.', max_length=100)),
            ],
        ),
        migrations.CreateModel(
            name='PictureLora',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
            ],
        ),
        migrations.CreateModel(
            name='ShareLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(default=generation.models.jobs.new_code, editable=False, max_length=16, unique=True)),
                ('with_recipe', models.BooleanField(default=False, help_text='Prompt and settings are shown, and in the files.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.RemoveIndex(
            model_name='generatedimage',
            name='image_newest_of_owner',
        ),
        migrations.AddField(
            model_name='generatedimage',
            name='checkpoint',
            field=models.CharField(blank=True, db_default='', default='', help_text='By its name, as the recipe has it.', max_length=100),
        ),
        migrations.AddField(
            model_name='generatedimage',
            name='is_filed',
            field=models.BooleanField(db_default=False, default=False, help_text='Its checkpoint, LoRAs, size and words can be looked for.'),
        ),
        migrations.AddField(
            model_name='generatedimage',
            name='is_starred',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='generatedimage',
            name='search_words',
            field=models.TextField(blank=True, db_default='', default='', help_text='Folded words of the prompt; see `picture_search`.'),
        ),
        migrations.AddIndex(
            model_name='generatedimage',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['owner', '-id'], name='image_newest_of_owner'),
        ),
        migrations.AddIndex(
            model_name='generatedimage',
            index=models.Index(condition=models.Q(('deleted_at', None), ('is_starred', True)), fields=['owner', '-id'], name='image_starred'),
        ),
        migrations.AddIndex(
            model_name='generatedimage',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['owner', 'checkpoint', '-id'], name='image_by_checkpoint'),
        ),
        migrations.AddIndex(
            model_name='generatedimage',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['owner', 'width', 'height', '-id'], name='image_by_size'),
        ),
        migrations.AddIndex(
            model_name='generatedimage',
            index=models.Index(fields=['owner', 'created_at'], name='image_by_time'),
        ),
        migrations.AddIndex(
            model_name='generatedimage',
            index=models.Index(condition=models.Q(('is_filed', False)), fields=['id'], name='image_unfiled'),
        ),
        migrations.AddField(
            model_name='album',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='albums', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='albumpicture',
            name='album',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='generation.album'),
        ),
        migrations.AddField(
            model_name='albumpicture',
            name='image',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='album_entries', to='generation.generatedimage'),
        ),
        migrations.AddField(
            model_name='picturefacet',
            name='owner',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='picturelora',
            name='image',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lora_names', to='generation.generatedimage'),
        ),
        migrations.AddField(
            model_name='picturelora',
            name='owner',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sharelink',
            name='album',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='share_links', to='generation.album'),
        ),
        migrations.AddField(
            model_name='sharelink',
            name='image',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='share_links', to='generation.generatedimage'),
        ),
        migrations.AddField(
            model_name='sharelink',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='share_links', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='album',
            constraint=models.UniqueConstraint(fields=('owner', 'title'), name='one_album_of_a_person_per_title'),
        ),
        migrations.AddConstraint(
            model_name='albumpicture',
            constraint=models.UniqueConstraint(fields=('album', 'image'), name='one_picture_once_an_album'),
        ),
        migrations.AddConstraint(
            model_name='picturefacet',
            constraint=models.UniqueConstraint(fields=('owner', 'kind', 'value'), name='one_facet_once_a_person'),
        ),
        migrations.AddIndex(
            model_name='picturelora',
            index=models.Index(fields=['owner', 'name', '-image'], name='picture_by_lora'),
        ),
        migrations.AddConstraint(
            model_name='picturelora',
            constraint=models.UniqueConstraint(fields=('image', 'name'), name='one_lora_once_a_picture'),
        ),
        migrations.AddConstraint(
            model_name='sharelink',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('album__isnull', True), ('image__isnull', False)), models.Q(('album__isnull', False), ('image__isnull', True)), _connector='OR'), name='share_of_a_picture_or_an_album'),
        ),
        migrations.RunPython(create_word_index, drop_word_index),
    ]
