from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_kept_by_a_synchronization"),
    ]

    operations = [
        migrations.AddField(
            model_name="staffimport",
            name="epoch",
            field=models.PositiveIntegerField(db_default=0),
        ),
    ]
