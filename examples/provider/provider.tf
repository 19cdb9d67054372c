terraform {
  required_providers {
    twcloud = {
      source = "twcloud-community/twcloud"
    }
  }
}

provider "twcloud" {
  endpoint = "https://twcloud.example.com:8111"

  # Credentials are in the environment: TWCLOUD_TOKEN, or TWCLOUD_USERNAME and
  # TWCLOUD_PASSWORD.
}
