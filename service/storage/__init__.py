"""The only SQL of the service: tables, sessions, and one module of named queries per noun."""
