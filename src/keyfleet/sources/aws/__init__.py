# SPDX-License-Identifier: Apache-2.0
"""AWS Secrets Manager and Parameter Store: provider `aws`."""

from keyfleet.sources.aws.provider import AwsProvider

PROVIDER = AwsProvider()
