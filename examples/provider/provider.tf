terraform {
  required_providers {
    twcloud = {
      source = "twcloud-community/twcloud"
    }
  }
}

provider "twcloud" {
  endpoint = "https://twcloud.example.com:8111"

  # The credentials are in the environment: TWCLOUD_TOKEN, or TWCLOUD_USERNAME
  # and TWCLOUD_PASSWORD.
}
