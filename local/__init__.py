"""The local stage on one machine: PostgreSQL, the AWS emulator, the edge, and the `./dev` command."""
