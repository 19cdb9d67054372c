list "twcloud_oauth_consumer" "tools" {
  provider = twcloud
  limit    = 1000 # The default is 100.

  config {
    name_regex = "^tool-"
    approved   = true
  }
}
