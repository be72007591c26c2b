using System.Buffers;
using System.IO.Hashing;
using System.Text;

namespace Loggregator.PromQl.Storage;

/// <summary>An immutable set of labels, sorted by name, without empty values: the identity of a series.</summary>
public sealed class Labels : IEquatable<Labels>
{
    /// <summary>The label that holds a metric's name.</summary>
    public const string MetricName = "__name__";

    /// <summary>The label that holds the upper bound of a classic histogram's bucket.</summary>
    public const string BucketBound = "le";

    private readonly KeyValuePair<string, string>[] _pairs;
    private readonly int _hash;

    private Labels(KeyValuePair<string, string>[] sorted)
    {
        _pairs = sorted;
        var hash = new HashCode();
        foreach (var (name, value) in sorted)
        {
            hash.Add(name.GetHashCode(StringComparison.Ordinal));
            hash.Add(value.GetHashCode(StringComparison.Ordinal));
        }

        _hash = hash.ToHashCode();
    }

    /// <summary>No labels.</summary>
    public static Labels Empty { get; } = new([]);

    /// <summary>How many there are.</summary>
    public int Count => _pairs.Length;

    /// <summary>Names and values, by name.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Pairs => _pairs;

    /// <summary>The metric's name, or "" without one.</summary>
    public string Name => this[MetricName];

    /// <summary>A label's value, "" for one that is not there.</summary>
    public string this[string name]
    {
        get
        {
            foreach (var pair in _pairs)
            {
                if (pair.Key == name)
                {
                    return pair.Value;
                }
            }

            return "";
        }
    }

    /// <summary>A set of the pairs given, in any order; of a name given twice the last counts, and empty values vanish.</summary>
    public static Labels Of(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        var last = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in pairs)
        {
            last[name] = value;
        }

        return Sorted([.. last.Where(pair => pair.Value.Length > 0)]);
    }

    /// <summary>Orders by the first label that differs, its name and then its value; of two that agree so far the shorter comes first.</summary>
    public static int Compare(Labels left, Labels right)
    {
        var shared = Math.Min(left.Count, right.Count);
        for (var i = 0; i < shared; i++)
        {
            var order = string.CompareOrdinal(left._pairs[i].Key, right._pairs[i].Key);
            order = order != 0 ? order : string.CompareOrdinal(left._pairs[i].Value, right._pairs[i].Value);
            if (order != 0)
            {
                return order;
            }
        }

        return left.Count - right.Count;
    }

    /// <summary>The same set with one label changed, added, or by an empty value removed.</summary>
    public Labels With(string name, string value)
    {
        if (this[name] == value)
        {
            return this;
        }

        var pairs = _pairs.Where(pair => pair.Key != name);
        return Sorted(value.Length == 0 ? [.. pairs] : [.. pairs, new(name, value)]);
    }

    /// <summary>Without the metric's name.</summary>
    public Labels WithoutName() => Filter([MetricName], keep: false);

    /// <summary>Without the labels named.</summary>
    public Labels Without(params ReadOnlySpan<string> names) => Filter(names, keep: false);

    /// <summary>Only the labels named.</summary>
    public Labels Only(params ReadOnlySpan<string> names) => Filter(names, keep: true);

    /// <summary>A hash that is the same in every process: xxHash64 of names and values, each followed by 0xff, as Prometheus takes it to draw samples of series.</summary>
    public ulong StableHash()
    {
        var hash = new XxHash64();
        foreach (var (name, value) in _pairs)
        {
            Append(hash, name);
            Append(hash, value);
        }

        return hash.GetCurrentHashAsUInt64();
    }

    /// <inheritdoc/>
    public bool Equals(Labels? other) =>
        ReferenceEquals(this, other) || (other is not null && _hash == other._hash && _pairs.AsSpan().SequenceEqual(other._pairs));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Labels);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    /// <summary>As Prometheus writes a label set: <c>{__name__="up", job="x"}</c>.</summary>
    public override string ToString() => Write(_pairs);

    /// <summary>As Prometheus writes a series: <c>up{job="x"}</c>.</summary>
    public string ToMetricString()
    {
        var name = Name;
        return name.Length == 0 ? ToString() : Count == 1 ? name : name + Write(_pairs.Where(pair => pair.Key != MetricName));
    }

    private static string Write(IEnumerable<KeyValuePair<string, string>> pairs) =>
        "{" + string.Join(", ", pairs.Select(pair => $"{Syntax.GoText.LabelName(pair.Key)}={Syntax.GoText.Quote(pair.Value)}")) + "}";

    private static Labels Sorted(KeyValuePair<string, string>[] pairs)
    {
        Array.Sort(pairs, static (left, right) => string.CompareOrdinal(left.Key, right.Key));
        return pairs.Length == 0 ? Empty : new Labels(pairs);
    }

    private static void Append(XxHash64 hash, string text)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length) + 1);
        var length = Encoding.UTF8.GetBytes(text, buffer);
        buffer[length] = 0xff;
        hash.Append(buffer.AsSpan(0, length + 1));
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private Labels Filter(ReadOnlySpan<string> names, bool keep)
    {
        var kept = new KeyValuePair<string, string>[_pairs.Length];
        var count = 0;
        foreach (var pair in _pairs)
        {
            if (names.Contains(pair.Key) == keep)
            {
                kept[count++] = pair;
            }
        }

        return count == _pairs.Length ? this : count == 0 ? Empty : new Labels(kept[..count]);
    }
}
