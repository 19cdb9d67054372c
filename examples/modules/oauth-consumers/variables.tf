variable "applications" {
  description = "Applications to register, by a name that is used in addresses and outputs only."
  type = map(object({
    name     = string
    approved = optional(bool, true)
  }))

  validation {
    condition     = length(distinct([for application in var.applications : application.name])) == length(var.applications)
    error_message = "Two applications have the same consumer name: people could not tell them apart in TWCloud Admin."
  }
}

variable "secrets" {
  description = "Consumer secret of each application, under the same names as in applications."
  type        = map(string)
  sensitive   = true
  ephemeral   = true
}
