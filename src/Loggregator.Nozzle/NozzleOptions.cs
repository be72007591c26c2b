using Loggregator.Client.Connect;
using Loggregator.Nozzle.Settings;
using Loggregator.Nozzle.Sinks;

namespace Loggregator.Nozzle;

/// <summary>Settings of the nozzle role, section <c>Nozzle</c>.</summary>
internal sealed class NozzleOptions
{
    /// <summary>Our Dopplers, <c>host:port</c>; a name stands for all of its addresses.</summary>
    public string[] Dopplers { get; set; } = ["127.0.0.1:8082"];

    /// <summary>An original reverse log proxy or Doppler, <c>host:port</c>, to read instead; it keeps nothing, so what is not stored yet is lost with a crash.</summary>
    public string Egress { get; set; } = "";

    /// <summary>What the certificate behind <c>Egress</c> must name.</summary>
    public string EgressName { get; set; } = PeerConnector.ReverseLogProxyName;

    /// <summary>The group: nozzles of one id share the envelopes, each of their sinks by itself.</summary>
    public string ShardId { get; set; } = "nozzle";

    /// <summary>Sinks by URL, each with <c>NAME=</c> in front or a name made of the URL.</summary>
    [WholeValues]
    public string[] Sink { get; set; } = [];

    /// <summary>Sinks by name, each with its <c>url</c> and options: <c>Nozzle:Sinks:siem:url</c>.</summary>
    public Dictionary<string, Dictionary<string, string[]>> Sinks { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Folder below which each sink keeps its spool, dead letters and cursor.</summary>
    /// <value>the service manager's state folder, else <c>loggregator/nozzle</c> in the user's data</value>
    public string Spool { get; set; } = DefaultFolder();

    /// <summary>Bytes of each Doppler and for each sink that may be unacknowledged.</summary>
    public long WindowBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>How often Doppler names are resolved again.</summary>
    public TimeSpan DnsRefresh { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time that a planned stop gets to deliver what is in flight, and what live sinks hold.</summary>
    public TimeSpan DrainDeadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>All errors; each names its key and the cure.</summary>
    public IEnumerable<string> Validate()
    {
        if (Egress.Length == 0 && Dopplers.Length == 0)
        {
            yield return "Nozzle:Dopplers is empty: give at least one host:port, for example 127.0.0.1:8082.";
        }

        foreach (var (key, address) in Dopplers.Select(address => (nameof(Dopplers), address)).Concat(Egress.Length > 0 ? [(nameof(Egress), Egress)] : []))
        {
            if (!HostAndPort.TryParse(address, out var parsed) || parsed.Port == 0)
            {
                yield return $"Nozzle:{key} has '{address}': give host:port, for example doppler.internal:8082.";
            }
        }

        if (ShardId.Length is 0 or > 128)
        {
            yield return "Nozzle:ShardId has no, or more than 128, characters: give a name for the group, for example siem.";
        }

        if (Spool.Length == 0)
        {
            yield return "Nozzle:Spool is empty: give a folder, for example /var/lib/loggregator/nozzle.";
        }

        if (WindowBytes < 64 * 1024)
        {
            yield return $"Nozzle:WindowBytes is {WindowBytes}: give at least 65536, the size of one frame.";
        }

        foreach (var (key, value) in new (string, TimeSpan)[] { (nameof(DnsRefresh), DnsRefresh), (nameof(DrainDeadline), DrainDeadline) })
        {
            if (value <= TimeSpan.Zero)
            {
                yield return $"Nozzle:{key} is {value}: give a time above zero, for example 00:00:05.";
            }
        }

        var errors = new List<string>();
        var found = SinkDefinition.ReadAll(this, errors);
        foreach (var error in errors)
        {
            yield return error;
        }

        if (found.Count == 0 && errors.Count == 0)
        {
            yield return "Nozzle:Sink is empty: give at least one place to deliver to, for example --sink file:///tmp/logs.ndjson, or sinks by name in Nozzle:Sinks. docs/sinks.md lists them.";
        }
    }

    private static string DefaultFolder() => Environment.GetEnvironmentVariable("STATE_DIRECTORY") is { Length: > 0 } state
        ? state.Split(':')[0]
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "loggregator", "nozzle");
}
