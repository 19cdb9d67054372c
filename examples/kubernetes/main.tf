# Gives an application the consumer key, consumer secret, and endpoints that it
# needs to sign in to Teamwork Cloud, as one Kubernetes secret.
#
# It needs another provider, so tests check only its format and syntax.

terraform {
  required_version = ">= 1.11"

  required_providers {
    twcloud = {
      source = "twcloud-community/twcloud"
    }
    kubernetes = {
      source = "hashicorp/kubernetes"
    }
  }
}

provider "twcloud" {}

variable "namespace" {
  type    = string
  default = "doors"
}

variable "doors_secret" {
  type      = string
  sensitive = true
  ephemeral = true
}

data "twcloud_oauth_endpoints" "this" {}

resource "twcloud_oauth_consumer" "doors" {
  name      = "doors-next"
  secret_wo = var.doors_secret
  approved  = true
}

resource "kubernetes_secret_v1" "doors" {
  metadata {
    name      = "teamwork-cloud-oauth"
    namespace = var.namespace
  }

  data_wo = {
    consumer_key           = twcloud_oauth_consumer.doors.key
    consumer_secret        = var.doors_secret
    request_token_url      = data.twcloud_oauth_endpoints.this.request_token_url
    user_authorization_url = data.twcloud_oauth_endpoints.this.user_authorization_url
    access_token_url       = data.twcloud_oauth_endpoints.this.access_token_url
  }

  # Write-only values are sent when this number changes.
  data_wo_revision = twcloud_oauth_consumer.doors.secret_revision

  lifecycle {
    # A new key starts again with revision 1.
    replace_triggered_by = [twcloud_oauth_consumer.doors.key]
  }
}
