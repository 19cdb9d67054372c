list "twcloud_oauth_consumer" "tools" {
  provider = twcloud
  limit    = 1000 # Terraform stops at 100 otherwise.

  config {
    name_regex = "^tool-"
    approved   = true
  }
}
