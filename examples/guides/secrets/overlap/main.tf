terraform {
  required_version = ">= 1.11"

  required_providers {
    twcloud = {
      source = "twcloud-community/twcloud"
    }
  }
}

provider "twcloud" {}

# Add a generation, give its key and secret to the application, then remove the
# old generation.
variable "generations" {
  type    = set(string)
  default = ["2026-1"]
}

variable "doors_secrets" {
  description = "Secret of each generation."
  type        = map(string)
  sensitive   = true
  ephemeral   = true
}

resource "twcloud_oauth_consumer" "doors" {
  for_each = var.generations

  name      = "doors-next ${each.key}"
  secret_wo = var.doors_secrets[each.key]
  approved  = true
}

output "consumer_keys" {
  value = { for generation, consumer in twcloud_oauth_consumer.doors : generation => consumer.key }
}
