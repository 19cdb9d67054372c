# Needs a server in TWCLOUD_ENDPOINT, preferably an emulator (twcloud-emulator).
# The tests remove what they register.

variables {
  applications = {
    doors   = { name = "tftest doors-next" }
    reports = { name = "tftest nightly-reports", approved = false }
  }
  secrets = {
    doors   = "tftest-secret-1"
    reports = "tftest-secret-2"
  }
}

run "registers" {
  assert {
    condition     = length(distinct(values(output.consumer_keys))) == 2
    error_message = "Every application has a key of its own."
  }

  assert {
    condition     = output.secret_revisions == { doors = 1, reports = 1 }
    error_message = "Every secret was set once."
  }

  assert {
    condition     = endswith(output.endpoints.request_token_url, "/request_token")
    error_message = "The endpoints come from the server's root services."
  }
}

run "rotates_one_secret" {
  variables {
    secrets = {
      doors   = "tftest-secret-3"
      reports = "tftest-secret-2"
    }
  }

  assert {
    condition     = output.secret_revisions == { doors = 2, reports = 1 }
    error_message = "Only the secret that has changed is set again, and in place: a new consumer would begin with 1."
  }
}

run "removes_an_application" {
  variables {
    applications = {
      doors = { name = "tftest doors-next" }
    }
    secrets = {
      doors = "tftest-secret-3"
    }
  }

  assert {
    condition     = output.secret_revisions == { doors = 2 }
    error_message = "The other consumer stays as it is: a new one would begin with 1."
  }
}
