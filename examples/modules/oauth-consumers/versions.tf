terraform {
  required_version = ">= 1.11"

  required_providers {
    twcloud = {
      source = "twcloud-community/twcloud"
    }
  }
}
