"""SQL databases that processors ask: PostgreSQL, MySQL or MariaDB, and SQLite."""
