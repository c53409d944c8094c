from django.db import models
from typing import Any
class ContactManager(models.Manager[Any]):
    pass
