using Loggregator.Client.Connect;

namespace Loggregator.Configuration;

/// <summary>Where each role answers <c>/metrics</c>, <c>/health</c> and <c>/ready</c>: plain HTTP, so loopback unless you say otherwise.</summary>
internal sealed class MetricsOptions
{
    /// <summary>Where the agent answers <c>/metrics</c>, <c>/health</c> and <c>/ready</c>.</summary>
    public string Agent { get; set; } = "127.0.0.1:9101";

    /// <summary>Where the Doppler answers them.</summary>
    public string Doppler { get; set; } = "127.0.0.1:9102";

    /// <summary>Where the Traffic Controller answers them.</summary>
    public string TrafficController { get; set; } = "127.0.0.1:9103";

    /// <summary>Where the nozzle answers them.</summary>
    public string Nozzle { get; set; } = "127.0.0.1:9104";

    /// <summary>The agent to which roles also send their numbers as envelopes; empty: none. An agent sends them to itself unless told otherwise.</summary>
    public string EmitTo { get; set; } = "127.0.0.1:3458";

    /// <summary>The address of one role's section.</summary>
    internal string Of(string section) => section switch
    {
        nameof(Agent) => Agent,
        nameof(Doppler) => Doppler,
        nameof(TrafficController) => TrafficController,
        nameof(Nozzle) => Nozzle,
        _ => throw new ArgumentOutOfRangeException(nameof(section), section, null),
    };

    /// <summary>All that is wrong, each with key and cure.</summary>
    public IEnumerable<string> Validate()
    {
        foreach (var (name, value) in new[] { (nameof(Agent), Agent), (nameof(Doppler), Doppler), (nameof(TrafficController), TrafficController), (nameof(Nozzle), Nozzle) })
        {
            if (!HostAndPort.TryParse(value, out _))
            {
                yield return $"Metrics:{name}: '{value}' is not an address. Write host:port, for example 127.0.0.1:9101.";
            }
        }

        if (EmitTo.Length > 0 && !HostAndPort.TryParse(EmitTo, out _))
        {
            yield return $"Metrics:EmitTo: '{EmitTo}' is not an address. Write host:port, for example 127.0.0.1:3458, or nothing.";
        }
    }
}
