"""What the features share: models, resources and rules, no use cases."""
