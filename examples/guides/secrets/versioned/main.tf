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

# Raise it to set the secret again.
variable "doors_secret_version" {
  type    = number
  default = 1
}

resource "twcloud_oauth_consumer" "doors" {
  name              = "doors-next"
  secret_wo         = var.doors_secret
  secret_wo_version = var.doors_secret_version
  approved          = true
}
