// Package signin is how requests to a server are authorized. The rest of the
// client does not know which way it is. It must not know consumers, retries, or
// Terraform.
package signin
