using Loggregator.Protocol.Internal;
using Loggregator.Protocol.V2;
using Loggregator.TestKit.Cluster;

namespace Loggregator.IntegrationTests.TrafficController.Attach;

/// <summary>What one subscription of an <see cref="AttachReader"/> got.</summary>
internal sealed class AttachedPart
{
    /// <summary>Texts of lines, names of counters; of version 1 if <see cref="V1"/>.</summary>
    public List<string> Texts { get; } = [];

    /// <summary>The same, for numbered lines.</summary>
    public Tally Tally { get; } = new();

    public List<Gap> Gaps { get; } = [];

    public List<Notice> Notices { get; } = [];

    public string Cursor { get; set; } = "";

    public Opened? Answer { get; set; }

    public bool Closed { get; set; }

    /// <summary>Its envelopes are dropsonde envelopes.</summary>
    public bool V1 { get; set; }

    /// <summary>Grant again what was read.</summary>
    public bool Keep { get; set; }

    public long Granted { get; set; }

    public long Read { get; set; }

    /// <summary>Bytes that are granted at a time when it keeps granting.</summary>
    public long Window { get; } = 256 * 1024;

    public bool Live => Notices.Exists(notice => notice.Live);

    public void Grant(ulong bytes) => Granted += (long)Math.Min(bytes, (ulong)(long.MaxValue - Granted));

    public void Add(ReadOnlySpan<byte> envelope)
    {
        if (V1)
        {
            var v1 = Protocol.Dropsonde.Envelope.Parser.ParseFrom(envelope);
            Texts.Add(v1.LogMessage?.Message.ToStringUtf8() ?? v1.CounterEvent.Name);
            return;
        }

        var v2 = Envelope.Parser.ParseFrom(envelope);
        Texts.Add(v2.Log?.Payload.ToStringUtf8() ?? v2.Counter.Name);
        Tally.Add(v2);
    }

    public override string ToString() => $"{Texts.Count} envelopes, {Gaps.Count} gaps, {Notices.Count} notices, {Granted - Read} credit left, {Tally}";
}
