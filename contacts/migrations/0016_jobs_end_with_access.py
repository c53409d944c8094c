from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0015_kept_by_a_synchronization"),
    ]

    operations = [
        migrations.AddField(
            model_name="bulkjob",
            name="epoch",
            field=models.PositiveIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name="importjob",
            name="epoch",
            field=models.PositiveIntegerField(db_default=0),
        ),
    ]
