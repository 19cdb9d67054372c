# Consumers that wait for approval.
data "twcloud_oauth_consumers" "waiting" {
  approved = false
}

output "waiting" {
  value = data.twcloud_oauth_consumers.waiting.consumers[*].name
}

# The keys of all tools, by name.
data "twcloud_oauth_consumers" "tools" {
  name_regex = "^tool-"
}

output "tool_keys" {
  value = { for name, consumer in data.twcloud_oauth_consumers.tools.by_name : name => consumer.key }
}
