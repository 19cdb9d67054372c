package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// dialectFile is the example of a file for the profile of a dialect.
const dialectFile = "profile.json"

// welcome is what the emulator prints when it has started.
func welcome(server *twcloudtest.Server, o *serveOptions, controlURL string) string {
	var b strings.Builder
	b.WriteString("A Teamwork Cloud emulator is running. Press Ctrl+C to stop it; everything is lost then.\n\n")
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "  REST API\t%s\n", server.URL())
	fmt.Fprintf(table, "  Web Application Platform\t%s\n", server.WebAppURL())
	fmt.Fprintf(table, "  Administration page\t%s\n", server.AdminPageURL())
	if controlURL != "" {
		fmt.Fprintf(table, "  Control page\t%s/\n", controlURL)
	}
	_ = table.Flush()
	if o.dialect != "" {
		fmt.Fprintf(&b, "\nThe consumer API is the dialect %s. Write its profile to a file for the provider:\n  twcloud-emulator profile %[1]s >%s\n", o.dialect, dialectFile)
	}

	users := o.config.Users
	if users == nil {
		users = twcloudtest.DefaultUsers()
	}
	b.WriteString("\nUsers\n")
	for _, user := range users {
		fmt.Fprintf(table, "  %s\tpassword %s\t", user.Name, user.Password)
		if user.Token != "" {
			fmt.Fprintf(table, "token %s", user.Token)
		}
		if user.ConfigureServer {
			fmt.Fprintf(table, "\twith %s\n", wire.ConfigureServerPermission)
		} else {
			fmt.Fprintf(table, "\twithout %s\n", wire.ConfigureServerPermission)
		}
	}
	_ = table.Flush()

	b.WriteString("\nFor Terraform, in a POSIX shell\n")
	for _, variable := range environment(server, o, users[0]) {
		fmt.Fprintf(&b, "  export %s=%s\n", variable[0], quote(variable[1]))
	}

	if controlURL != "" {
		address := ""
		if controlURL != "http://"+defaultControlAddress {
			address = " -control-address " + quote(strings.TrimPrefix(controlURL, "http://"))
		}
		fmt.Fprintf(&b, "\nTo change things behind Terraform's back, open the control page, or run in another terminal\n")
		for _, example := range []string{"list", "disapprove NAME", "set-secret NAME SECRET", "fault -method POST drop-after"} {
			name, rest, _ := strings.Cut(example, " ")
			fmt.Fprintf(&b, "  twcloud-emulator %s\n", strings.TrimSpace(name+address+" "+rest))
		}
	}
	b.WriteString("\n\"twcloud-emulator -help\" has the details.\n\n")
	return b.String()
}

// environment configures the provider for this emulator.
func environment(server *twcloudtest.Server, o *serveOptions, user twcloudtest.User) [][2]string {
	variables := [][2]string{
		{"TWCLOUD_ENDPOINT", server.URL()},
		{"TWCLOUD_WEBAPP_ENDPOINT", server.WebAppURL()},
		{"TWCLOUD_USERNAME", user.Name},
		{"TWCLOUD_PASSWORD", user.Password},
	}
	switch {
	case o.dialect != "":
		variables = append(variables, [2]string{"TWCLOUD_API_PROFILE_FILE", absolute(dialectFile)})
	case o.profileFile != "":
		variables = append(variables, [2]string{"TWCLOUD_API_PROFILE_FILE", absolute(o.profileFile)})
	}
	if o.config.OAuthConsumersPath != "" {
		variables = append(variables, [2]string{"TWCLOUD_OAUTH_CONSUMERS_PATH", o.config.OAuthConsumersPath})
	}
	if o.config.TLS {
		variables = append(variables, [2]string{"TWCLOUD_CA_CERTIFICATE_FILE", absolute(o.files.ca)})
	}
	if o.config.ClientCA {
		variables = append(variables, [2]string{"TWCLOUD_CLIENT_CERTIFICATE_FILE", absolute(o.files.clientCertificate)},
			[2]string{"TWCLOUD_CLIENT_KEY_FILE", absolute(o.files.clientKey)})
	}
	return variables
}

func absolute(path string) string {
	if found, err := filepath.Abs(path); err == nil {
		return found
	}
	return path
}

// quote writes a word for a POSIX shell.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+,", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
