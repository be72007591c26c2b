using System.CommandLine;
using Grpc.Net.Client;
using Loggregator.Client.Connect;
using Loggregator.Client.Emit;
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

    /// <summary>What writes the envelopes.</summary>
    public EnvelopeSource Source(ParseResult parsed, TimeProvider time) => new(
        parsed.GetRequiredValue(_source), parsed.GetRequiredValue(_instance), parsed.GetValue(_tags) ?? [], time);

    /// <summary>A channel to the agent.</summary>
    public GrpcChannel Connect(ParseResult parsed, TimeProvider time)
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

        var credentials = files[0] is null ? null : PeerCredentials.Load(new PeerFiles(files[0]!, files[1]!, files[2]!), time);
        return new PeerConnector(credentials).Open(Agent(parsed), PeerConnector.AgentName);
    }

    /// <summary>Tells what did not arrive; true when all did.</summary>
    public static bool Report(Screen screen, Emitter emitter, string agent)
    {
        if (emitter.Dropped + emitter.Lost == 0)
        {
            return true;
        }

        var reason = emitter.LastError.Length > 0 ? $" ({SafeText.Clean(emitter.LastError).TrimEnd('.')})" : "";
        var missing = emitter.Lost + emitter.Dropped;
        screen.Error.WriteLine(
            $"loggregator: {missing} {(missing == 1 ? "envelope" : "envelopes")} did not reach the agent at {agent}{reason}; {emitter.Sent} did. Is 'loggregator dev' or an agent running?");
        return false;
    }
}
