using System.Runtime.InteropServices;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.Internal;

/// <summary>Enumerates the subscriptions of a run, packed or not: <c>foreach (var subscription in reader.Subscriptions)</c>.</summary>
public ref struct SubscriptionReader(ReadOnlySpan<byte> run)
{
    private FieldReader _fields = new(run);
    private ReadOnlySpan<byte> _packed;

    /// <summary>The subscription's number.</summary>
    public uint Current { get; private set; }

    /// <summary>This.</summary>
    public readonly SubscriptionReader GetEnumerator() => this;

    /// <summary>Steps to the next subscription.</summary>
    public bool MoveNext()
    {
        while (_packed.IsEmpty)
        {
            if (!_fields.MoveNext())
            {
                return false;
            }

            if (_fields.Tag == AttachFrameCodec.RunSubscriptions)
            {
                _packed = _fields.Bytes;
            }
            else if (_fields.Tag == (AttachFrameCodec.RunSubscriptions & ~7u))
            {
                Current = (uint)_fields.Number;
                return true;
            }
        }

        var next = Wire.ReadVarint(ref MemoryMarshal.GetReference(_packed), 0, _packed.Length, out var subscription);
        if (next < 0)
        {
            _packed = default;
            return false;
        }

        _packed = _packed[next..];
        Current = (uint)subscription;
        return true;
    }
}
