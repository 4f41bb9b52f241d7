"""Where it runs: source, Faust app, stores, outbox, snapshots, metrics, settings, commands."""
