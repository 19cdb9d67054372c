terraform {
  required_version = ">= 1.11"

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
  ephemeral = true
}

resource "twcloud_oauth_consumer" "doors" {
  name      = "doors-next"
  secret_wo = var.doors_secret
  approved  = true
}
