"""What was said before is found, too."""

from django.db import migrations

from im.words import words_of

BATCH = 2000


def fill(apps, schema_editor):
    Message = apps.get_model("im", "Message")
    rows = (
        Message.objects.filter(words="", recalled_at=None)
        .select_related("attachment")
        .order_by("pk")
    )
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        for row in batch:
            row.words = words_of(row.body, row.attachment)
        Message.objects.bulk_update(batch, ["words"])
        last = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("im", "0004_search_words")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
