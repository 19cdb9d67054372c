data "twcloud_server" "this" {}

output "signed_in_as" {
  value = data.twcloud_server.this.username
}

check "version" {
  assert {
    condition     = startswith(data.twcloud_server.this.version, "2024x")
    error_message = "This was tried with 2024x, and the server is ${data.twcloud_server.this.version}."
  }
}
