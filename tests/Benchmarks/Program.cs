using BenchmarkDotNet.Running;
using FlowPipe.Tests.Benchmarks;

// dotnet run -c Release --project tests/Benchmarks -- --filter '*'
// dotnet run -c Release --project tests/Benchmarks -- allocation FILE...
// dotnet run -c Release --project tests/Benchmarks -- capture udp|syn FLOWS FILE
// dotnet run -c Release --project tests/Benchmarks -- produce|sink BROKERS TOPIC FILE.ndjson [NAME=VALUE]...
if (args is ["produce", var brokers, var topic, var records, .. var settings])
    return BareProducer.Produce(brokers, topic, records, settings);
if (args is ["sink", var to, var name, var documents, .. var properties])
    return await SinkProducer.ProduceAsync(to, name, documents, properties);
if (args is ["capture", var kind and ("udp" or "syn"), var flows, var file])
    return FlowCaptures.Write(kind, flows, file);
if (args is ["allocation", .. var captures])
    return AllocationFigures.Write(captures);
BenchmarkSwitcher.FromAssembly(typeof(ReaderBenchmark).Assembly).Run(args);
return 0;
