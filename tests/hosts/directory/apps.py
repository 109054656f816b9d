from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "tests.hosts.directory"
    label = "hostdirectory"
    default_auto_field = "django.db.models.BigAutoField"
