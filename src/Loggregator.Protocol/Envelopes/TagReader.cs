namespace Loggregator.Protocol.Envelopes;

/// <summary>Walks the entries of <c>tags</c> (field 9) as they are on the wire: a key may come again, and then the last one counts.</summary>
public ref struct TagReader
{
    private readonly uint _map;
    private FieldReader _fields;

    /// <summary>Starts before the first entry.</summary>
    public TagReader(ReadOnlySpan<byte> envelope)
        : this(envelope, Fields.Tags)
    {
    }

    /// <summary>Walks <c>tags</c> or <c>deprecated_tags</c>, whose values are messages.</summary>
    internal TagReader(ReadOnlySpan<byte> envelope, uint map)
    {
        _map = map;
        _fields = new FieldReader(envelope);
    }

    /// <summary>UTF-8 key; empty where the entry has none.</summary>
    public ReadOnlySpan<byte> Key { get; private set; }

    /// <summary>UTF-8 value; empty where the entry has none.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Steps to the next entry.</summary>
    public bool MoveNext()
    {
        while (_fields.MoveNext())
        {
            if (_fields.Tag == _map)
            {
                ReadEntry(_fields.Bytes);
                return true;
            }
        }

        return false;
    }

    private void ReadEntry(ReadOnlySpan<byte> entry)
    {
        Key = default;
        Value = default;
        var fields = new FieldReader(entry);
        while (fields.MoveNext())
        {
            switch (fields.Tag)
            {
                case Fields.Key:
                    Key = fields.Bytes;
                    break;
                case Fields.Value:
                    Value = fields.Bytes;
                    break;
                default:
                    break;
            }
        }
    }
}
