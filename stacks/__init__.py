"""The CDK app's constructs: what StreamTime is made of on AWS, and on one machine."""
