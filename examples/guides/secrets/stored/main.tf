terraform {
  required_providers {
    twcloud = {
      source = "twcloud-community/twcloud"
    }
  }
}

provider "twcloud" {}

variable "doors_secret" {
  type      = string
  sensitive = true
}

resource "twcloud_oauth_consumer" "doors" {
  name     = "doors-next"
  secret   = var.doors_secret
  approved = true
}
