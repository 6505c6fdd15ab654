"""The fixtures that start real services are plugins, so that every test folder finds the same running ones."""

pytest_plugins = [
    "tests.services.fix_kafka",
    "tests.services.fix_postgres",
    "tests.services.fix_openbao",
    "tests.services.fix_platform",
    "tests.services.fix_callers",
]
