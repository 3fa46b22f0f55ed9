"""The servers and processes that `make up` and the tests start: PostgreSQL, Valkey and a Kafka broker from
wheels, each ended with its starter. Production never imports this package."""
