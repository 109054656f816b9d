from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "tests.hosts.staff_members"
    label = "hoststaff"
