using System.Globalization;
using Loggregator.Client.Connect;

namespace Loggregator.Agent;

/// <summary>Settings of the agent, section <c>Agent</c>.</summary>
public sealed class AgentOptions
{
    /// <summary>Where producers connect: gRPC v2 ingress.</summary>
    public string Listen { get; set; } = "127.0.0.1:3458";

    /// <summary>Where producers send dropsonde v1 over UDP; empty: nowhere.</summary>
    public string UdpListen { get; set; } = "127.0.0.1:3457";

    /// <summary>The kernel's buffer for datagrams that wait to be read. It grants no more than its own limit (net.core.rmem_max).</summary>
    public int UdpReceiveBufferBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Names this agent at the Dopplers. With a stable one its lanes keep their Dopplers over a restart.</summary>
    /// <value>The machine's name and a random number.</value>
    public string AgentId { get; set; } =
        string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{Random.Shared.Next(0x1000000):x6}");

    /// <summary>The Dopplers, <c>host:port</c> each; of a name all addresses are used.</summary>
    public string[] Dopplers { get; set; } = ["127.0.0.1:8082"];

    /// <summary>The Dopplers are the original's: ship over BatchSender, without answers.</summary>
    public bool OriginalDopplers { get; set; }

    /// <summary>To original Dopplers, what came as v1 goes as v1, over Pusher.</summary>
    public bool PushV1 { get; set; }

    /// <summary>Streams to Dopplers. A source uses one of them.</summary>
    public int Lanes { get; set; } = 2;

    /// <summary>Memory for envelopes that wait or are unanswered, in bytes.</summary>
    public long RingBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Tags of this host; an envelope's own tag of the same name wins.</summary>
    public Dictionary<string, string> Tags { get; set; } = [];

    /// <summary>Between two lookups of the Dopplers' names.</summary>
    public TimeSpan DnsRefresh { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a stop may take to hand on what is held.</summary>
    public TimeSpan DrainDeadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>All that is wrong, each with the key and the cure; empty when nothing is.</summary>
    public IEnumerable<string> Validate()
    {
        if (!HostAndPort.TryParse(Listen, out _))
        {
            yield return $"Agent:Listen is '{Listen}'; give address:port, for example 127.0.0.1:3458 (port 0 picks a free one).";
        }

        if (UdpListen.Length != 0 && !HostAndPort.TryParse(UdpListen, out _))
        {
            yield return $"Agent:UdpListen is '{UdpListen}'; give address:port, for example 127.0.0.1:3457 (port 0 picks a free one), or nothing for no UDP.";
        }

        if (UdpReceiveBufferBytes is < 64 * 1024 or > 256 * 1024 * 1024)
        {
            yield return $"Agent:UdpReceiveBufferBytes is {UdpReceiveBufferBytes}; give 65536 (64 KiB) to 268435456 (256 MiB), 4194304 is usual.";
        }

        if (PushV1 && !OriginalDopplers)
        {
            yield return "Agent:PushV1 is for original Dopplers; set Agent:OriginalDopplers too, or leave it out.";
        }

        if (string.IsNullOrWhiteSpace(AgentId))
        {
            yield return "Agent:AgentId is empty; give a name that no other agent has, or leave the key out.";
        }

        if (Dopplers is not { Length: > 0 })
        {
            yield return "Agent:Dopplers is empty; give at least one host:port, for example 127.0.0.1:8082.";
        }

        foreach (var doppler in (Dopplers ?? []).Where(doppler => !HostAndPort.TryParse(doppler, out var target) || target.Port == 0))
        {
            yield return $"Agent:Dopplers has '{doppler}'; give host:port, for example doppler.service.internal:8082.";
        }

        if (Lanes is < 1 or > 64)
        {
            yield return $"Agent:Lanes is {Lanes}; give 1 to 64, 2 is usual.";
        }

        if (RingBytes is < 1024 * 1024 or > 64L * 1024 * 1024 * 1024)
        {
            yield return $"Agent:RingBytes is {RingBytes}; give 1048576 (1 MiB) to 68719476736 (64 GiB).";
        }

        if (Tags?.Keys.Any(string.IsNullOrEmpty) == true)
        {
            yield return "Agent:Tags has a tag without a name; give each a name, or leave it out.";
        }

        if (DnsRefresh < TimeSpan.FromMilliseconds(100))
        {
            yield return $"Agent:DnsRefresh is {DnsRefresh}; give at least 00:00:00.1, 00:00:05 is usual.";
        }

        if (DrainDeadline < TimeSpan.Zero)
        {
            yield return $"Agent:DrainDeadline is {DrainDeadline}; give 00:00:00 (drop at once) or more.";
        }
    }
}
