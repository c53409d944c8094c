from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("wecom_sync", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="ownperson",
            name="unlinked_at",
            field=models.DateTimeField(null=True),
        ),
    ]
