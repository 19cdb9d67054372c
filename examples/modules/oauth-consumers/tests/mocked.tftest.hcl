# Needs no server, because the provider is mocked. Run: terraform test

mock_provider "twcloud" {
  mock_resource "twcloud_oauth_consumer" {
    defaults = {
      key             = "mocked-key"
      secret_revision = 1
    }
  }

  mock_data "twcloud_oauth_endpoints" {
    defaults = {
      request_token_url = "https://twcloud.example.com:8443/authentication/api/oauth/request_token"
    }
  }
}

variables {
  applications = {
    doors   = { name = "doors-next" }
    reports = { name = "nightly-reports", approved = false }
  }
  secrets = {
    doors   = "mocked-secret-1"
    reports = "mocked-secret-2"
  }
}

run "registers_every_application" {
  assert {
    condition     = toset(keys(output.consumer_keys)) == toset(["doors", "reports"])
    error_message = "Every application gets a consumer, and no other."
  }

  assert {
    condition     = output.consumer_keys["doors"] == "mocked-key"
    error_message = "The key of the consumer is handed out."
  }

  assert {
    condition     = twcloud_oauth_consumer.this["doors"].approved && !twcloud_oauth_consumer.this["reports"].approved
    error_message = "Applications are approved unless they say otherwise."
  }
}

run "refuses_two_applications_of_one_name" {
  command = plan

  variables {
    applications = {
      one = { name = "doors-next" }
      two = { name = "doors-next" }
    }
  }

  expect_failures = [var.applications]
}
