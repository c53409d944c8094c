from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0007_kept_by_a_synchronization"),
    ]

    operations = [
        migrations.AddField(
            model_name="restructuring",
            name="epoch",
            field=models.PositiveIntegerField(db_default=0),
        ),
    ]
