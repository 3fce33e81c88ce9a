from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_look_alike_names")]

    operations = [
        migrations.CreateModel(
            name="OutgoingMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recipient", models.EmailField(max_length=320)),
                ("sender", models.CharField(max_length=320)),
                ("subject", models.CharField(max_length=300)),
                (
                    "body",
                    models.TextField(
                        help_text="May hold a link that signs somebody in; emptied when the mail is given up."
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(help_text="Empty: given up.", null=True)),
                (
                    "error",
                    models.CharField(blank=True, help_text="What the mail server said last.", max_length=300),
                ),
            ],
            options={
                "verbose_name": "mail that has not left",
                "verbose_name_plural": "mail that has not left",
                "ordering": ["-pk"],
                "indexes": [models.Index(fields=["next_try_at"], name="mail_by_next_try")],
            },
        ),
    ]
