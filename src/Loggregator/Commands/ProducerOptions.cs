using System.CommandLine;
using Loggregator.Client;
using Loggregator.Client.Connect;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary>The options by which <c>emit</c> and <c>run</c> find the agent and name what they send.</summary>
internal sealed class ProducerOptions
{
    private readonly Option<string> _source = new("--source", "-s") { Description = "The source id: whose logs these are.", HelpName = "ID", Required = true };
    private readonly Option<string> _instance = new("--instance", "-i") { Description = "Which instance of it.", HelpName = "N", DefaultValueFactory = _ => "0" };
    private readonly Option<string[]> _tags = new("--tag") { Description = "A tag of every envelope.", HelpName = "NAME=VALUE" };

    private readonly Option<string> _agent = new("--agent")
    {
        Description = "The agent.",
        HelpName = "ADDRESS",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("LOGGREGATOR_AGENT") is { Length: > 0 } agent ? agent : "127.0.0.1:3458",
    };

    private readonly Option<string?> _certificate = new("--cert") { Description = "Client certificate (PEM), for an agent with mTLS.", HelpName = "FILE" };
    private readonly Option<string?> _key = new("--key") { Description = "Its key (PEM).", HelpName = "FILE" };
    private readonly Option<string?> _authority = new("--ca") { Description = "The agent's CA (PEM).", HelpName = "FILE" };

    public ProducerOptions(Command command)
    {
        _tags.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => token.Value.IndexOf('=', StringComparison.Ordinal) <= 0))
            {
                result.AddError($"--tag takes NAME=VALUE, not '{token.Value}'.");
            }
        });
        foreach (var option in new Option[] { _source, _instance, _tags, _agent, _certificate, _key, _authority })
        {
            command.Add(option);
        }
    }

    /// <summary>The agent's address, for messages.</summary>
    public string Agent(ParseResult parsed) => parsed.GetRequiredValue(_agent);

    /// <summary>What sends them.</summary>
    /// <exception cref="CommandFailedException">The options do not fit together.</exception>
    public Emitter Emitter(ParseResult parsed, TimeProvider time, WhenFull whenFull, TimeSpan retryFor)
    {
        var files = new[] { parsed.GetValue(_certificate), parsed.GetValue(_key), parsed.GetValue(_authority) };
        if (files.Any(file => file is not null) && files.Any(string.IsNullOrEmpty))
        {
            throw new CommandFailedException("--cert, --key and --ca belong together.");
        }

        if (!HostAndPort.TryParse(Agent(parsed), out _))
        {
            throw new CommandFailedException($"--agent {Agent(parsed)}: write host:port, for example 127.0.0.1:3458.");
        }

        var options = new EmitterOptions
        {
            Agent = Agent(parsed),
            Tls = files[0] is null ? null : new ClientTls { CertificateFile = files[0], KeyFile = files[1], AuthorityFile = files[2] },
            SourceId = parsed.GetRequiredValue(_source),
            InstanceId = parsed.GetRequiredValue(_instance),
            WhenFull = whenFull,
            RetryFor = retryFor,
            Clock = time,
        };
        foreach (var tag in parsed.GetValue(_tags) ?? [])
        {
            var equals = tag.IndexOf('=', StringComparison.Ordinal);
            options.Tags[tag[..equals]] = tag[(equals + 1)..];
        }

        return new Emitter(options);
    }

    /// <summary>Tells what did not arrive; true when all did.</summary>
    public static bool Report(Screen screen, Emitter emitter, string agent)
    {
        var counts = emitter.Counts;
        if (counts.Lost == 0)
        {
            return true;
        }

        var reason = emitter.LastFailure.Length > 0 ? $" ({SafeText.Clean(emitter.LastFailure).TrimEnd('.')})" : "";
        screen.Error.WriteLine(
            $"loggregator: {counts.Lost} {(counts.Lost == 1 ? "envelope" : "envelopes")} did not reach the agent at {agent}{reason}; {counts.Sent} did. Is 'loggregator dev' or an agent running?");
        return false;
    }
}
