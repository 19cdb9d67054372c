// Package learn derives an API profile from a recording of a browser's network
// traffic: the command "learn".
package learn

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
)

// Steps tell the administrator what to record.
const Steps = `terraform-provider-twcloud learn [-o FILE] RECORDING.har

Learns how your server administers OAuth consumers from a recording of what your
browser does. To make the recording:

  0  Open the developer tools of your browser (F12), tab Network. Turn on
     "Preserve log" (Firefox: "Persist Logs") and "Disable cache".
  1  Open the page "OAuth consumers", so that the list is loaded.
  2  Register a consumer:   name    twcloud-learn
                            secret  twcloud-learn-secret-1
  3  Approve it, disapprove it, approve it again.
  4  Edit it:               name    twcloud-learn-renamed
                            secret  twcloud-learn-secret-2
     If the page lets you, save the name first and then the secret.
  5  Remove it.
  6  Save the recording as a HAR file, with sensitive data if you are asked.

Type the values exactly like this. Then run

  terraform-provider-twcloud learn -o profile.json RECORDING.har

The profile goes to FILE, or to standard output. What was found goes to standard
error. Exit status: 0 complete, 1 unreadable or nothing found, 2 wrong usage,
3 partial.

The recording holds your session, passwords, and the names of consumers. Delete
it when you are done. The profile holds none of them.
`

// Exit statuses.
const (
	complete = 0
	failed   = 1
	misused  = 2
	partial  = 3
)

// Run runs the command with what is after "learn" on the command line, and
// returns the exit status.
func Run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("learn", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	output := flags.String("o", "", "")
	var names []string
	for rest := args; ; {
		if err := flags.Parse(rest); errors.Is(err, flag.ErrHelp) {
			return say(stdout, Steps, complete)
		} else if err != nil {
			return say(stderr, err.Error()+"\nusage: terraform-provider-twcloud learn [-o FILE] RECORDING.har\n", misused)
		}
		if flags.NArg() == 0 {
			break
		}
		names, rest = append(names, flags.Arg(0)), flags.Args()[1:]
	}
	switch {
	case len(args) == 0:
		return say(stdout, Steps, complete)
	case len(names) != 1:
		return say(stderr, "Name one recording.\nusage: terraform-provider-twcloud learn [-o FILE] RECORDING.har\n", misused)
	case *output != "" && same(*output, names[0]):
		return say(stderr, "The profile would overwrite the recording: name another FILE.\n", misused)
	}
	entries, err := read(names[0])
	if err != nil {
		return say(stderr, fmt.Sprintf("Unable to read the recording: %v.\n", err), failed)
	}
	result := Learn(entries)
	if result.Profile != nil {
		if *output == "" {
			_, err = stdout.Write(result.Profile)
		} else {
			err = os.WriteFile(*output, result.Profile, 0o644) //nolint:gosec // A profile holds nothing private, and is there to be shared.
		}
		if err != nil {
			return say(stderr, fmt.Sprintf("Unable to write the profile: %v.\n", reason(err)), failed)
		}
	}
	status := partial
	switch {
	case result.Profile == nil:
		status = failed
	case result.Complete:
		status = complete
	}
	return say(stderr, result.Findings, status)
}

func say(to io.Writer, text string, status int) int {
	_, _ = io.WriteString(to, text)
	return status
}

// read reads a recording. Its name is not repeated in errors: browsers call the
// file after the host.
func read(name string) ([]har.Entry, error) {
	file, err := os.Open(name) //nolint:gosec // The user names it.
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = file.Close() }() // It was only read.
	if info, err := file.Stat(); err == nil {
		switch {
		case info.IsDir():
			return nil, errors.New("it is a directory")
		case info.Size() > har.MaxSize:
			return nil, fmt.Errorf("%w: clear the list of requests before step 1, and record only these steps", har.ErrTooLarge)
		}
	}
	return har.Read(file)
}

// reason is an error without the name of the file.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func same(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}
