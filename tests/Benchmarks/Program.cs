using BenchmarkDotNet.Running;

// dotnet run -c Release --project tests/Benchmarks -- --filter '*'
BenchmarkSwitcher.FromAssembly(typeof(FlowPipe.Tests.Benchmarks.ReaderBenchmark).Assembly).Run(args);
