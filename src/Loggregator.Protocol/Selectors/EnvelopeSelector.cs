using System.Text;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.V2;

namespace Loggregator.Protocol.Selectors;

/// <summary>
/// One selector of a request, ready to match envelopes' bytes: source id, type and names must all hold. Immutable. Two are equal when an
/// original Doppler would put them into the same group: same source, same type, same name or set of names.
/// </summary>
public sealed class EnvelopeSelector : IEnvelopeFilter, IEquatable<EnvelopeSelector>
{
    private const int StackNames = 128;
    private readonly byte[] _sourceId;
    private readonly byte[] _counterName;
    private readonly byte[][] _gaugeNames; // sorted bytewise
    private readonly bool _namesRepeat;

    /// <summary>Takes a request's selector over.</summary>
    public EnvelopeSelector(Selector selector)
    {
        ArgumentNullException.ThrowIfNull(selector);
        _sourceId = Encoding.UTF8.GetBytes(selector.SourceId);
        _counterName = Encoding.UTF8.GetBytes(selector.Counter?.Name ?? "");
        _gaugeNames = selector.Gauge is null ? [] : [.. selector.Gauge.Names.Select(Encoding.UTF8.GetBytes)];
        Array.Sort(_gaugeNames, CompareNames);
        for (var i = 1; i < _gaugeNames.Length; i++)
        {
            _namesRepeat |= CompareNames(_gaugeNames[i - 1], _gaugeNames[i]) == 0;
        }

        Type = selector.MessageCase switch
        {
            Selector.MessageOneofCase.Log => EnvelopeType.Log,
            Selector.MessageOneofCase.Counter => EnvelopeType.Counter,
            Selector.MessageOneofCase.Gauge => EnvelopeType.Gauge,
            Selector.MessageOneofCase.Timer => EnvelopeType.Timer,
            Selector.MessageOneofCase.Event => EnvelopeType.Event,
            _ => EnvelopeType.None,
        };
    }

    /// <summary>UTF-8 source id; empty selects every source.</summary>
    public ReadOnlySpan<byte> SourceId => _sourceId;

    /// <summary>The type selected; <see cref="EnvelopeType.None"/> never matches anything.</summary>
    public EnvelopeType Type { get; }

    /// <summary>UTF-8 counter name; empty selects every counter.</summary>
    public ReadOnlySpan<byte> CounterName => _counterName;

    /// <summary>UTF-8 names that a gauge must have exactly, sorted bytewise; none selects every gauge.</summary>
    public IReadOnlyList<byte[]> GaugeNames => _gaugeNames;

    /// <summary>Whether source and type alone decide, so that the envelope's payload need not be looked at.</summary>
    public bool MatchesByHeader => _counterName.Length == 0 && _gaugeNames.Length == 0;

    /// <summary>Whether this envelope is selected. The header must be that of these bytes.</summary>
    public bool Matches(in EnvelopeHeader header, ReadOnlySpan<byte> envelope) =>
        header.Type == Type
        && Type != EnvelopeType.None
        && (_sourceId.Length == 0 || header.SourceId.Of(envelope).SequenceEqual(_sourceId))
        && (MatchesByHeader || MatchesNames(header, envelope));

    /// <summary>Whether the names of a counter or gauge are those selected, its source and type being right already.</summary>
    public bool MatchesNames(in EnvelopeHeader header, ReadOnlySpan<byte> envelope) => Type switch
    {
        EnvelopeType.Counter => _counterName.Length == 0 || EnvelopeReader.Counter(envelope, header).Name.SequenceEqual(_counterName),
        EnvelopeType.Gauge => _gaugeNames.Length == 0 || HasExactlyTheNames(header, envelope),
        _ => true,
    };

    /// <inheritdoc/>
    public bool Concerns(EnvelopeType type, bool hasOriginal) => type == Type && type != EnvelopeType.None;

    /// <inheritdoc/>
    public bool TakesAll(EnvelopeType type, bool hasOriginal) => MatchesByHeader;

    /// <inheritdoc/>
    public bool MatchesContent(in EnvelopeHeader header, ReadOnlySpan<byte> envelope, ReadOnlySpan<byte> original) => MatchesNames(header, envelope);

    /// <inheritdoc/>
    public bool TakesCounter(ReadOnlySpan<byte> name) => Type == EnvelopeType.Counter && (_counterName.Length == 0 || name.SequenceEqual(_counterName));

    /// <inheritdoc/>
    public bool Equals(EnvelopeSelector? other) =>
        other is not null
        && Type == other.Type
        && SourceId.SequenceEqual(other._sourceId)
        && CounterName.SequenceEqual(other._counterName)
        && _gaugeNames.Length == other._gaugeNames.Length
        && _gaugeNames.Zip(other._gaugeNames).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as EnvelopeSelector);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Type);
        hash.AddBytes(_sourceId);
        hash.AddBytes(_counterName);
        foreach (var name in _gaugeNames)
        {
            hash.AddBytes(name);
        }

        return hash.ToHashCode();
    }

    private static int CompareNames(byte[] left, byte[] right) => left.AsSpan().SequenceCompareTo(right);

    private bool HasExactlyTheNames(in EnvelopeHeader header, ReadOnlySpan<byte> envelope)
    {
        if (_namesRepeat)
        {
            return false; // an original Doppler compares sums of hashes, one per listed name
        }

        var seen = _gaugeNames.Length <= StackNames ? stackalloc bool[StackNames] : new bool[_gaugeNames.Length];
        var distinct = 0;
        var metrics = new MetricReader(envelope, header);
        while (metrics.MoveNext())
        {
            var at = IndexOf(metrics.Name);
            if (at < 0)
            {
                return false;
            }

            distinct += seen[at] ? 0 : 1;
            seen[at] = true;
        }

        // To an original Doppler the one name "" and no metric at all hash alike.
        return distinct == _gaugeNames.Length || (distinct == 0 && _gaugeNames is [{ Length: 0 }]);
    }

    private int IndexOf(ReadOnlySpan<byte> name)
    {
        int low = 0, high = _gaugeNames.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = _gaugeNames[middle].AsSpan().SequenceCompareTo(name);
            if (order == 0)
            {
                return middle;
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return -1;
    }
}
